"""Mails as people get them: written in their language, sent by SMTP or printed."""

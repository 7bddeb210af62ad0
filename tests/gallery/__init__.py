"""Every page of the app in every state: who looks, and the address or the form that shows it."""

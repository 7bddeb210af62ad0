"""Mutation testing of the services that move credits: every mistake here has to fail a test.

Neither mutmut, which leaves out decorated functions and what stands in no function (our SQL), nor
cosmic-ray, which starts every test run afresh and never looks into a string, would try the guards.
"""

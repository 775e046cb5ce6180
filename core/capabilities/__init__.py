"""What the shop does with the forecast: one folder for each capability, with its tables, computation, stored questions, jobs and page.

registry.py lists the capabilities, one line each. record.py says what a capability declares.
"""

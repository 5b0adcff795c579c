"""``aiqyn report``: one page about a store that needs nothing else, for a manager's minute and an analyst's hour."""

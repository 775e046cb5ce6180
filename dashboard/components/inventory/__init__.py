"""The Inventory page's blocks: listing.py finds and shows, takeaway.py hands out, panel.py explains and changes, sections.py sums up,
whatif.py compares."""

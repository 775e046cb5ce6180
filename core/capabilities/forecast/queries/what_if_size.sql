-- How many products have a what-if? None in a snapshot of an earlier version.
select count(distinct product_id) as products from what_if

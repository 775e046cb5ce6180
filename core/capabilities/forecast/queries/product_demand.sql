-- How much will it sell over the next weeks, with how much certainty? Cumulative units.
select weeks, level, units from demand where product_id = $product and segment = $segment order by weeks nulls last, level nulls last

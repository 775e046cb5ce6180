-- How did it sell, week by week?
select week, units, lost_units, orders, views, price, on_hand from history where product_id = $product and segment = $segment order by week nulls last

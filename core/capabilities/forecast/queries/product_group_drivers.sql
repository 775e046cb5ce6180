-- How does each driver's part differ in a group from that in all customers?
select coalesce(g.driver, a.driver) as driver, coalesce(g.attribution, 0) - coalesce(a.attribution, 0) as difference
from (select driver, attribution from attributions where product_id = $product and segment = $segment) g
full join (select driver, attribution from attributions where product_id = $product and segment = 'all') a on g.driver = a.driver
order by abs(coalesce(g.attribution, 0) - coalesce(a.attribution, 0)) desc nulls last, driver nulls last

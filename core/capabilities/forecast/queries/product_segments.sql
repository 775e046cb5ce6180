-- For whom does it rise?
select f.segment, f.rising_probability, f.falling_probability, f.own_pace_orders, g.orders_base
from forecasts f left join segments g using (segment)
where f.product_id = $product
order by f.segment = 'all' desc nulls last, f.rising_probability desc nulls last, f.segment nulls last

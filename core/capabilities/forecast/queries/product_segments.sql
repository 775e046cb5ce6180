-- For whom do these products rise?
select f.product_id, f.segment, f.rising_probability, f.falling_probability, f.own_pace_orders, g.orders_base
from forecasts f left join segments g using (segment)
where list_contains($products, f.product_id)
order by f.product_id nulls last, f.segment = 'all' desc nulls last, f.rising_probability desc nulls last, f.segment nulls last

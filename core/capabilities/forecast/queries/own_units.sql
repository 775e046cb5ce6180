-- What does each product sell in four weeks at its own usual rate, and how likely is it to rise?
select f.product_id, f.rising_probability,
    f.own_pace_orders * coalesce(p.units_28d / nullif(p.orders_28d, 0), 1) as own_units
from forecasts f
join products p on p.product_id = f.product_id
where f.segment = 'all'
order by f.product_id nulls last

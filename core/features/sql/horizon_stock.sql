-- On how many days of each origin's horizon was a product's stock recorded, and on how many was there some?
select
    o.as_of, s.product_id,
    count(*) as known_days,
    count(case when s.on_hand > 0 then 1 end) as instock_days
from every_origin as o
inner join stock as s on s.day > o.as_of and date_diff('day', o.as_of, s.day) <= $horizon_days
group by o.as_of, s.product_id

-- For the label: days in each origin's horizon on which a product's stock was recorded, and on which there was some.
create or replace temp table horizon_stock as
select
    o.as_of, s.product_id,
    count(*) as known_days,
    count(case when s.on_hand > 0 then 1 end) as instock_days
from every_origin as o
inner join stock as s on s.day > o.as_of and date_diff('day', o.as_of, s.day) <= $horizon_days
group by o.as_of, s.product_id

-- How often was a product found out of stock before the origin, among the days on which its stock was recorded?
select
    o.as_of, s.product_id,
    avg(case when s.on_hand <= 0 then cast(1 as double) else cast(0 as double) end) as out_of_stock_56d,
    avg(case
        when date_diff('day', s.day, o.as_of) >= 14 then null
        when s.on_hand <= 0 then cast(1 as double)
        else cast(0 as double)
    end) as out_of_stock_14d
from origin as o
inner join stock as s on s.day <= o.as_of and date_diff('day', s.day, o.as_of) < 56
group by o.as_of, s.product_id

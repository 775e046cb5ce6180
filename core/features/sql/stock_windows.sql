-- How often a product was found out of stock before the origin, among the days on which its stock was recorded.
create or replace temp table stock_windows as
select
    o.as_of, s.product_id,
    avg(case when s.on_hand <= 0 then 1.0 else 0.0 end) as out_of_stock_56d,
    avg(case when date_diff('day', s.day, o.as_of) < 14 then case when s.on_hand <= 0 then 1.0 else 0.0 end end) as out_of_stock_14d
from origin as o
inner join stock as s on s.day <= o.as_of and date_diff('day', s.day, o.as_of) < 56
group by o.as_of, s.product_id

-- How many units of each product were sold in each week (table order_lines), and at which mean price? weeks_ago 0 ends on $as_of.
select
    product_id, cast(floor(date_diff('day', day, cast($as_of as date)) / 7) as bigint) as weeks_ago, sum(units) as units,
    sum(revenue_cents) / nullif(sum(case when revenue_cents is not null then units end), 0) as price_cents
from order_lines
where units > 0 and day <= $as_of
group by product_id, cast(floor(date_diff('day', day, cast($as_of as date)) / 7) as bigint)
order by product_id nulls last, weeks_ago nulls last

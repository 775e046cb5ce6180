-- How far did each product's price of two weeks stray from that of 26, was it ever out of stock at the end of a week, and ever discounted?
-- weekly: the serving table `history` of all customers, in which a product's weeks follow each other without a gap.
with priced as (
    select product_id, week, on_hand,
        case when units > 0 and price is not null then units else 0 end as units,
        case when units > 0 then price * units end as revenue
    from weekly
),

levels as (
    select product_id, on_hand,
        sum(revenue) over (partition by product_id order by week nulls last rows between 1 preceding and current row)
        / nullif(sum(units) over (partition by product_id order by week nulls last rows between 1 preceding and current row), 0) as recent,
        sum(revenue) over (partition by product_id order by week nulls last rows between 25 preceding and current row)
        / nullif(sum(units) over (partition by product_id order by week nulls last rows between 25 preceding and current row), 0) as usual
    from priced
),

discounted as (
    select product_id, max(discount_cents) as discount_cents
    from daily
    where day <= $as_of
    group by product_id
)

select l.product_id, min(l.recent / nullif(l.usual, 0)) as lowest, max(l.recent / nullif(l.usual, 0)) as highest,
    max(case when l.on_hand <= 0 then 1 else 0 end) as sold_out,
    max(case when d.discount_cents > 0 then 1 else 0 end) as discounted
from levels as l
left join discounted as d on l.product_id = d.product_id
group by l.product_id
order by l.product_id nulls last

-- How did each product sell, week by week, in each served segment? A week is named after its last day; the last one ends on $as_of.
-- From a product's first week with any activity on, every week has a row: zeros where nothing happened. orders counts the interest
-- signal; views are null before the shop recorded any; price is the mean paid; on_hand is the week's last count, for 'all' only.
-- lost_units: what was wanted beside the units while it was out of stock.
with recent_days as (
    select
        product_id,
        case when list_contains($segments, value) then value else 'other' end as segment,
        floor(date_diff('day', day, cast($as_of as date)) / 7) as weeks_ago,
        units, lost_units, interest, views, revenue_cents, priced_units
    from daily_wanted
    where day <= $as_of and date_diff('day', day, cast($as_of as date)) < 7 * $weeks
),

segment_weeks as (
    select
        product_id, segment, weeks_ago,
        sum(units) as units, sum(lost_units) as lost_units, sum(interest) as orders, sum(views) as views,
        sum(revenue_cents) as revenue_cents, sum(priced_units) as priced_units
    from recent_days
    group by product_id, segment, weeks_ago
),

active_weeks as (
    select * from segment_weeks
    where list_contains($segments, segment)
    union all
    select
        product_id, 'all' as segment, weeks_ago,
        sum(units) as units, sum(lost_units) as lost_units, sum(orders) as orders, sum(views) as views,
        sum(revenue_cents) as revenue_cents, sum(priced_units) as priced_units
    from segment_weeks
    group by product_id, weeks_ago
),

stock_weeks as (
    select product_id, floor(date_diff('day', day, cast($as_of as date)) / 7) as weeks_ago, max(day) as day
    from stock
    where day <= $as_of and date_diff('day', day, cast($as_of as date)) < 7 * $weeks
    group by product_id, floor(date_diff('day', day, cast($as_of as date)) / 7)
),

counts as (
    select w.product_id, w.weeks_ago, min(s.on_hand) as on_hand
    from stock_weeks as w
    inner join stock as s on w.product_id = s.product_id and w.day = s.day
    group by w.product_id, w.weeks_ago
),

every_week as (
    select f.product_id, f.segment, a.weeks_ago
    from (select product_id, segment, max(weeks_ago) as weeks_ago from active_weeks group by product_id, segment) as f
    inner join (select unnest(generate_series(0, $weeks - 1)) as weeks_ago) as a on a.weeks_ago <= f.weeks_ago
),

first_view as (
    select min(day) as day from daily where views > 0
)

select
    e.product_id, e.segment,
    cast($as_of as date) - cast(floor(7 * e.weeks_ago) as integer) as week,
    coalesce(a.units, 0) as units,
    coalesce(a.lost_units, 0) as lost_units,
    coalesce(a.orders, 0) as orders,
    case when v.day <= cast($as_of as date) - cast(floor(7 * e.weeks_ago) as integer) then coalesce(a.views, 0) end as views,
    a.revenue_cents / nullif(a.priced_units, 0) / 100 as price,
    c.on_hand
from every_week as e
cross join first_view as v
inner join products as p on e.product_id = p.product_id
left join active_weeks as a on e.product_id = a.product_id and e.segment = a.segment and e.weeks_ago = a.weeks_ago
left join counts as c on e.segment = 'all' and e.product_id = c.product_id and e.weeks_ago = c.weeks_ago
order by e.product_id nulls last, e.segment nulls last, week nulls last

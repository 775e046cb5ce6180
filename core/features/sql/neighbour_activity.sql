-- What happens around a product at an origin: its segment's and category's growth, and the customer group in which it grows fastest?
with categories as (
    select product_id, coalesce(category, '') as category from products
),

shop as (
    select as_of, segment,
        (sum(interest_28d) + 1) / (sum(interest_56d) - sum(interest_28d) + 1) as growth,
        (sum(interest_7d) + 1) / (sum(interest_28d) / 4 + 1) as week,
        sum(interest_56d) as interest_56d
    from windows
    group by as_of, segment
),

category as (
    select w.as_of, w.segment, p.category,
        (sum(w.interest_28d) + 3) / (sum(w.interest_56d) - sum(w.interest_28d) + 3) as growth,
        sum(w.interest_56d) as interest_56d,
        avg(cast(floor(l.year_ago * 1e9) as bigint)) / 1e9 as year_ago,
        avg(cast(floor(l.recent * 1e9) as bigint)) / 1e9 as recent
    from windows as w
    inner join categories as p on w.product_id = p.product_id
    left join past_lift as l on w.as_of = l.as_of and w.segment = l.segment and w.product_id = l.product_id
    where p.category <> ''
    group by w.as_of, w.segment, p.category
),

fastest_segment as (
    select as_of, product_id,
        max((coalesce(interest_28d, 0) + 2) / (coalesce(interest_56d, 0) - coalesce(interest_28d, 0) + 2)) as lead_segment_trend,
        max(interest_56d) / nullif(sum(interest_56d), 0) as largest_segment_share,
        count(case when interest_28d > 0 then 1 end) as segments_28d
    from windows
    where segment <> 'all'
    group by as_of, product_id
),

-- Against the rest of the customers: where everybody buys more, no group is ahead.
segment_ahead as (
    select s.as_of, s.product_id,
        s.recent_orders,
        s.usual_orders * (a.recent_orders - s.recent_orders + 2) / (greatest(a.usual_orders - s.usual_orders, 0) + 2) as usual_orders
    from recent_lift as s
    inner join recent_lift as a on s.as_of = a.as_of and s.product_id = a.product_id and a.segment = 'all'
    where s.segment <> 'all'
),

lead_segment as (
    select as_of, product_id, max((recent_orders - usual_orders) / sqrt(usual_orders + 1)) as lead_segment_ahead
    from segment_ahead
    group by as_of, product_id
),

all_customers as (
    select w.as_of, w.product_id, w.interest_56d, w.interest_28d,
        (w.interest_28d + 1) / (w.interest_56d - w.interest_28d + 1) as trend, l.recent
    from windows as w
    left join past_lift as l on w.as_of = l.as_of and w.product_id = l.product_id and l.segment = 'all'
    where w.segment = 'all'
),

final as (
    select
        w.as_of, w.segment, w.product_id,
        s.growth as shop_growth, s.week as shop_week,
        c.growth as category_growth, c.year_ago as category_year_ago, c.recent as category_recent,
        w.interest_56d / nullif(c.interest_56d, 0) as category_share,
        s.interest_56d / nullif(a.interest_56d, 0) as segment_share,
        (w.interest_56d / nullif(s.interest_56d, 0)) / nullif(h.interest_56d / nullif(a.interest_56d, 0), 0) as segment_affinity,
        g.lead_segment_trend, g.largest_segment_share, g.segments_28d, e.lead_segment_ahead,
        h.trend as whole_trend, h.recent as whole_recent
    from windows as w
    inner join shop as s on w.as_of = s.as_of and w.segment = s.segment
    inner join shop as a on w.as_of = a.as_of and a.segment = 'all'
    inner join categories as p on w.product_id = p.product_id
    left join category as c on w.as_of = c.as_of and w.segment = c.segment and p.category = c.category
    left join fastest_segment as g on w.as_of = g.as_of and w.product_id = g.product_id
    left join lead_segment as e on w.as_of = e.as_of and w.product_id = e.product_id
    left join all_customers as h on w.as_of = h.as_of and w.product_id = h.product_id
)

select * from final

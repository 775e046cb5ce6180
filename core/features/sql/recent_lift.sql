-- How far do a product's last four weeks exceed its usual rate, in standard deviations of counts (a surge)?
-- The usual rate is that of the nine weeks before, or as many as there are, times the shop's growth, and times what the same four
-- weeks did a year ago, where that is known: a season's return is no news. Unlike a ratio, a surge does not take two orders instead of
-- one for a rise. Products on sale for less than 8 weeks have no usual rate yet.
with shop as (
    select as_of, segment,
        coalesce((sum(interest_28d) / 28) / nullif((sum(interest_91d) - sum(interest_28d)) / 63, 0), 1) as growth
    from windows
    group by as_of, segment
),

compared as (
    select w.as_of, w.segment, w.product_id,
        coalesce(w.interest_28d, 0) as recent_orders,
        (coalesce(w.interest_91d, 0) - coalesce(w.interest_28d, 0)) * 28 / nullif(least(63, r.age_days - 27), 0) * s.growth
            * greatest(1, exp(coalesce(l.year_ago_now, 0))) as usual_orders
    from windows as w
    inner join shop as s on w.as_of = s.as_of and w.segment = s.segment
    inner join own_rate as r on w.as_of = r.as_of and w.product_id = r.product_id and r.segment = 'all'
    left join past_lift as l on w.as_of = l.as_of and w.segment = l.segment and w.product_id = l.product_id
    where r.age_days >= 56
),

final as (
    select *, (recent_orders - usual_orders) / sqrt(usual_orders + 1) as surge
    from compared
)

select * from final

-- How far a product's last four weeks exceed its usual pace (that of the nine weeks before, or as many as there are, times the
-- shop's growth, and times what the same four weeks did a year ago, where that is known: a season's return is no news), in standard
-- deviations of counts: unlike a ratio, it does not take two orders instead of one for a surge.
-- Products on sale for less than 8 weeks have no usual pace yet.
create or replace temp table surges as
with shop as (
    select as_of, segment,
        coalesce((sum(interest_28d) / 28) / nullif((sum(interest_91d) - sum(interest_28d)) / 63, 0), 1) as growth
    from windows
    group by as_of, segment
),

paced as (
    select w.as_of, w.segment, w.product_id,
        coalesce(w.interest_28d, 0) as lately,
        (coalesce(w.interest_91d, 0) - coalesce(w.interest_28d, 0)) * 28 / least(63, p.age_days - 27) * s.growth
            * greatest(1, exp(coalesce(l.year_ago_now, 0))) as usual
    from windows as w
    inner join shop as s on w.as_of = s.as_of and w.segment = s.segment
    inner join paces as p on w.as_of = p.as_of and w.product_id = p.product_id and p.segment = 'all'
    left join lift_memory as l on w.as_of = l.as_of and w.segment = l.segment and w.product_id = l.product_id
    where p.age_days >= 56
),

final as (
    select *, (lately - usual) / sqrt(usual + 1) as surge
    from paced
)

select * from final

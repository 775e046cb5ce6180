-- What rises in one segment more than elsewhere?
with compared as (
    select f.segment, p.product_id, p.title, p.category, f.rising_probability, a.rising_probability as everyone_probability,
        f.rising_probability - a.rising_probability as ahead, f.own_pace_orders,
        row_number() over (partition by f.segment order by f.rising_probability - a.rising_probability desc nulls last, p.product_id nulls last) as place
    from forecasts f
    join forecasts a on a.product_id = f.product_id and a.segment = 'all'
    join products p on p.product_id = f.product_id
    where f.segment <> 'all' and f.rising_probability >= $worth_saying
)
select * from compared where place <= $limit and ahead > 0 order by segment nulls last, place nulls last

-- The same as a line: the middle push in each of ten equally filled steps of the feature's value.
with stepped as (
    select v.value, a.attribution, ntile(10) over (order by v.value nulls last, v.product_id nulls last) as step
    from feature_values v join attributions a using (product_id, segment, driver)
    where v.segment = 'all' and v.feature = $feature and v.value is not null
)
select step, median(value) as value, median(attribution) as attribution, count(*) as products
from stepped
group by step
order by step nulls last

-- What did the model see? Values in plain units, and where they stand among all products (0 = lowest, 1 = highest).
-- Values are those over everyone, since a snapshot holds no others.
with mine as (
    select driver, feature, value from feature_values where product_id = $product and segment = 'all' and value is not null
),
ranks as (
    select o.feature, avg(cast(case when o.value < m.value then 1 when o.value = m.value then 0.5 else 0 end as double)) as standing
    from feature_values o join mine m on m.feature = o.feature
    where o.segment = 'all' and o.value is not null
    group by o.feature
)
select m.driver, m.feature, m.value, p.standing, g.unit, g.meaning
from mine m
join ranks p on p.feature = m.feature
left join glossary g on g.feature = m.feature
order by m.driver nulls last, m.feature nulls last

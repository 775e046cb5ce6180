-- What did the model see? Values in plain units, and where they stand among all products (0 = lowest, 1 = highest).
with others as (
    select product_id, driver, feature, value, percent_rank() over (partition by feature order by value) as standing
    from feature_values
    where segment = $segment and value is not null
)
select o.driver, o.feature, o.value, o.standing, g.unit, g.meaning
from others o left join glossary g on g.feature = o.feature
where o.product_id = $product
order by o.driver, o.feature

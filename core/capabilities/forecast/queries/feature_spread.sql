-- How do the values of the features $facts spread over the products of a segment? Quantiles at 5%, 10%, 25%, 50%, 75%, 90% and 95%.
select feature, quantile_cont(value, [0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95]) as quantiles
from (
    select feature, value from feature_values where segment = $segment and value is not null
    union all
    select feature, value from segment_values where segment = $segment
)
where list_contains($facts, feature)
group by feature
order by feature nulls last

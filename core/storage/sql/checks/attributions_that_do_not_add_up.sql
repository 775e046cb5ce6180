-- The attributions of some forecasts do not sum to logit - base_logit within 1e-5.
with sums as (
    select product_id, segment, sum(attribution) as attributed
    from read_parquet($attributions)
    group by product_id, segment
)
select f.product_id, f.segment, f.logit - f.base_logit as to_explain, coalesce(s.attributed, 0.0) as attributed
from read_parquet($forecasts) as f
left join sums as s on s.product_id = f.product_id and s.segment = f.segment
where abs(f.logit - f.base_logit - coalesce(s.attributed, 0.0)) > 1e-5

-- What the served snapshot said of each row that is forecast now (table forecast_rows, in its order); null = nothing.
select f.rising_probability
from forecast_rows as r
left join read_parquet($forecasts) as f on r.product_id = f.product_id and r.segment = f.segment
order by r.place

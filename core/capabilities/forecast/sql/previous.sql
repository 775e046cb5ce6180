-- What did the served snapshot (table served_forecasts) forecast for each row of now (table forecast_rows, in its order)?
select f.rising_probability
from forecast_rows as r
left join served_forecasts as f on r.product_id = f.product_id and r.segment = f.segment
order by r.place nulls last

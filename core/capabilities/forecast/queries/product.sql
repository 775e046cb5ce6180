-- Everything about one product in one segment, in one row: what it is and what will happen.
select p.*, f.segment, f.rising_probability, f.falling_probability, f.base_logit, f.logit, f.own_pace_orders,
    f.rising_probability - f.previous_rising_probability as movement,
    (select avg(rising_probability) from forecasts where segment = $segment) as usual_probability
from products p
left join forecasts f on f.product_id = p.product_id and f.segment = $segment
where p.product_id = $product

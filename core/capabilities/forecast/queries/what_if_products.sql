-- Which chances differ most under one combination of price, promotion and stock? All that have a number, biggest change first.
select w.product_id, p.title, f.rising_probability as chance_now, w.rising_probability as chance_then,
    w.rising_probability - f.rising_probability as change, w.products as seen
from what_if w
join forecasts f on f.product_id = w.product_id and f.segment = w.segment
join products p on p.product_id = w.product_id
where w.segment = $segment and w.price = $price and w.promotion = $promotion and w.stock = $stock and w.rising_probability is not null
order by abs(w.rising_probability - f.rising_probability) desc nulls last, w.product_id nulls last

-- Which promotions had begun by $as_of, for how many days and with which discount?
select product_id, date_diff('day', starts_on, ends_on) + 1 as days, discount
from promotions
where starts_on <= $as_of
order by product_id nulls last, starts_on nulls last, ends_on nulls last, discount nulls last

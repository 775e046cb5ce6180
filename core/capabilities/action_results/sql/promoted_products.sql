-- Which products were promoted together, in promotions that ended after $since and are over on $as_of?
select coalesce(kind, '') as kind, starts_on, ends_on, product_id, discount
from promotions
where ends_on > $since and ends_on <= $as_of
order by starts_on nulls last, ends_on nulls last, kind nulls last, product_id nulls last

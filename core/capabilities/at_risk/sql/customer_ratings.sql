-- How did each known customer rate, as a share of the shop's scale?
select customer_id, cast(created_at as date) as day, rating / nullif(max(rating) over (), 0) as rating
from reviews
where customer_id is not null and rating is not null and cast(created_at as date) <= $as_of
order by customer_id nulls last, day nulls last

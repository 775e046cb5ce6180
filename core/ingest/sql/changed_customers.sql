-- Since which day do the customers whose attributes changed leave traces? The features of those days are theirs too.
with changed as (
    select distinct customer_id
    from fresh
),

traces as (
    select cast(min(orders.ordered_at) as date) as day
    from orders
    inner join changed on changed.customer_id = orders.customer_id
    union all
    select cast(min(events.occurred_at) as date) as day
    from events
    inner join changed on changed.customer_id = events.customer_id
    union all
    select cast(min(reviews.created_at) as date) as day
    from reviews
    inner join changed on changed.customer_id = reviews.customer_id
)

select min(day) as first_day
from traces

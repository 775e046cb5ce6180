-- Which products were shown since $since where chance took part in the choice, and how were they answered?
select
    shown_at,
    cast(shown_at as date) as day,
    coalesce(campaign, '') as campaign,
    coalesce(placement, campaign, '') as place,
    coalesce(position, 0) as position,
    coalesce(segment, 'all') as segment,
    product_id,
    coalesce(visitor_id, customer_id) as person,
    shown,
    clicked,
    bought,
    propensity
from impressions
where propensity is not null and shown > 0 and cast(shown_at as date) > $since and cast(shown_at as date) <= $as_of
order by shown_at nulls last, product_id nulls last, campaign nulls last, place nulls last, position nulls last, segment nulls last,
    person nulls last

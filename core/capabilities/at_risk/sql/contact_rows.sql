-- Whom did each campaign contact or hold out, and when? Contacts whose $within days are over; a customer of several contacts of one
-- campaign counts once, from the first.
select coalesce(campaign, '') as campaign, customer_id, min(cast(contacted_at as date)) as day, min(coalesce(channel, '')) as channel,
    bool_or(treated) as treated, min(propensity) as propensity
from contacts
group by coalesce(campaign, ''), customer_id
having date_diff('day', min(cast(contacted_at as date)), cast($as_of as date)) >= $within
order by day nulls last, campaign nulls last, customer_id nulls last

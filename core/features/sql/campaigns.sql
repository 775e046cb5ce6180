-- Which promotions has a product had or is in at the origin? A campaign that starts later is not known yet.
with spans as (
    select o.as_of, p.product_id, p.starts_on, p.ends_on, p.discount,
        least(p.ends_on, o.as_of) as seen_until
    from origin as o
    inner join promotions as p on p.starts_on <= o.as_of and date_diff('day', p.starts_on, o.as_of) < 364
),

final as (
    select
        as_of, product_id,
        cast(sum(greatest(0, least(27, date_diff('day', starts_on, as_of)) - date_diff('day', seen_until, as_of) + 1)) as double)
            as promo_days_28d,
        max(case when ends_on >= as_of then 1 else 0 end) as promo_now,
        min(case when ends_on < as_of then date_diff('day', ends_on, as_of) end) as days_since_promo,
        max(case when ends_on >= as_of then discount end) as promo_discount,
        max(case when ends_on >= as_of then date_diff('day', as_of, ends_on) end) as promo_days_left
    from spans
    group by as_of, product_id
)

select * from final

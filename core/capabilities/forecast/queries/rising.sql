-- Which products will rise or fall, best first, under the filters; one page of them with what a row of the list shows.
-- Rows: the page's products. units, units_before: weekly units of the last 26 weeks and of the same weeks a year earlier, oldest first.
-- mean_4w: mean forecast, the area under the quantiles by the trapezoidal rule; margin_4w_cents follows it.
-- drivers: every driver with its attribution. known, known_values: which of the features $facts are known, by place, and their values.
-- words: of the product's text with their attributions, where they were explained; for all customers only.
with expected as (
    select d.product_id,
        max(case when d.level = 0.1 then d.units end) as low_4w,
        max(case when d.level = 0.5 then d.units end) as units_4w,
        max(case when d.level = 0.9 then d.units end) as high_4w,
        sum(d.units * cast(case d.level when 0.025 then 0.0625 when 0.1 then 0.1125 when 0.25 then 0.2 when 0.5 then 0.25 when 0.75 then 0.2
            when 0.9 then 0.1 when 0.95 then 0.0375 when 0.975 then 0.02 when 0.99 then 0.0175 end as double)) as mean_4w
    from demand d
    where d.segment = $segment and d.weeks = 4
    group by d.product_id
),
chosen as (
    select p.product_id, p.title, p.category, p.brand, p.supplier, p.price_cents, p.currency, p.days_on_sale,
        f.rising_probability, f.falling_probability, f.rising_probability - f.previous_rising_probability as movement, f.own_pace_orders,
        s.cover_weeks, s.status, s.excess_units, e.low_4w, e.units_4w, e.high_4w, e.mean_4w,
        e.mean_4w * (p.price_cents - p.unit_cost_cents) as margin_4w_cents
    from forecasts f
    join products p on p.product_id = f.product_id
    left join suggestions s on s.product_id = f.product_id
    left join expected e on e.product_id = f.product_id
    where f.segment = $segment
        and (len($products) = 0 or list_contains($products, p.product_id))
        and (len($categories) = 0 or list_contains($categories, coalesce(p.category, '')))
        and (len($brands) = 0 or list_contains($brands, coalesce(p.brand, '')))
        and (len($suppliers) = 0 or list_contains($suppliers, coalesce(p.supplier, '')))
        and ($search = '' or contains(lower(p.title), lower($search)) or contains(lower(p.product_id), lower($search)))
        and ($lowest_price_cents is null or p.price_cents >= $lowest_price_cents)
        and ($highest_price_cents is null or p.price_cents <= $highest_price_cents)
        and ($newest_days is null or p.days_on_sale >= $newest_days)
        and ($oldest_days is null or p.days_on_sale <= $oldest_days)
        and ($least_cover is null or s.cover_weeks >= $least_cover)
        and ($most_cover is null or s.cover_weeks <= $most_cover)
        and ($widest_range is null or e.high_4w - e.low_4w <= $widest_range * e.units_4w)
),
page as (
    select *, count(*) over () as matches,
        case $sort when 'movement' then movement when 'drop' then -movement when 'falling' then falling_probability when 'pace' then own_pace_orders
            when 'units' then units_4w when 'margin' then margin_4w_cents when 'cover' then -cover_weeks else rising_probability
        end as rank_by
    from chosen
    order by rank_by desc nulls last, rising_probability desc nulls last, product_id nulls last
    limit $limit offset $offset
),
recent as (
    select h.product_id, h.week, h.units, date_diff('day', h.week, m.as_of) as days_ago
    from history h
    cross join (select max(as_of) as as_of from meta) m
    where h.segment = $segment and h.product_id in (select product_id from page) and h.week > m.as_of - 546
),
weeks as (
    select product_id,
        list(units order by week nulls last) filter (where days_ago < 182) as units,
        list(units order by week nulls last) filter (where days_ago >= 364) as units_before
    from recent
    group by product_id
),
reasons as (
    select product_id, list({'driver': driver, 'attribution': attribution} order by driver nulls last) as drivers
    from attributions
    where segment = $segment and product_id in (select product_id from page)
    group by product_id
),
word_pushes as (
    select product_id, list({'text': text, 'attribution': attribution} order by position nulls last) as words
    from text_attributions
    where $segment = 'all' and product_id in (select product_id from page)
    group by product_id
),
signals as (
    select product_id, list(list_position($facts, feature) order by feature nulls last) as known,
        list(value order by feature nulls last) as known_values
    from (
        select product_id, feature, value from feature_values where segment = $segment
        union all
        select product_id, feature, value from segment_values where segment = $segment
    )
    where list_contains($facts, feature) and product_id in (select product_id from page)
    group by product_id
)
select page.* exclude (rank_by), coalesce(weeks.units, []) as units, coalesce(weeks.units_before, []) as units_before,
    coalesce(reasons.drivers, []) as drivers, coalesce(signals.known, []) as known, coalesce(signals.known_values, []) as known_values,
    coalesce(word_pushes.words, []) as words
from page
left join weeks using (product_id)
left join reasons using (product_id)
left join signals using (product_id)
left join word_pushes using (product_id)
order by rank_by desc nulls last, rising_probability desc nulls last, product_id nulls last

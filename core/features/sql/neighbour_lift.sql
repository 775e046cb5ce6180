-- What did the neighbours of a product do: in text (weighted by similarity) and in the knowledge graph (links, both ways)?
-- Only what was known at the origin: a neighbour that had no orders yet has no lift and no weight.
-- Logs are whole billionths and weights are integers, so that sums do not depend on their order (see past_lift).
with known as (
    select
        coalesce(l.as_of, w.as_of) as as_of,
        coalesce(l.product_id, w.product_id) as product_id,
        cast(floor(l.recent * 1e9) as bigint) as recent,
        cast(floor(l.year_ago * 1e9) as bigint) as year_ago,
        cast(floor(l.year_ago_near * 1e9) as bigint) as year_ago_near,
        cast(floor(ln((coalesce(w.interest_14d, 0) + 1) / ((coalesce(w.interest_56d, 0) - coalesce(w.interest_14d, 0)) / 3 + 1)) * 1e9) as bigint)
            as trend
    from (select * from past_lift where segment = 'all') as l
    full outer join (select * from windows where segment = 'all') as w on l.as_of = w.as_of and l.product_id = w.product_id
),

by_text as (
    select
        k.as_of, n.product_id,
        sum(case when z.surge >= 2 then n.weight else 0 end)
            / nullif(sum(case when z.surge is not null then n.weight end), 0) as surging,
        sum(n.weight * k.recent) / nullif(sum(case when k.recent is not null then n.weight end), 0) / 1e9 as recent,
        sum(n.weight * k.year_ago) / nullif(sum(case when k.year_ago is not null then n.weight end), 0) / 1e9 as year_ago,
        sum(n.weight * k.year_ago_near) / nullif(sum(case when k.year_ago_near is not null then n.weight end), 0) / 1e9 as year_ago_near,
        sum(n.weight * k.trend) / nullif(sum(case when k.trend is not null then n.weight end), 0) / 1e9 as trend
    from text_neighbours as n
    inner join known as k on n.neighbour_id = k.product_id and k.as_of < n.until
    left join recent_lift as z on k.as_of = z.as_of and k.product_id = z.product_id and z.segment = 'all'
    group by k.as_of, n.product_id
),

by_link as (
    select k.as_of, n.product_id, avg(k.recent) / 1e9 as recent, avg(k.year_ago) / 1e9 as year_ago, avg(k.trend) / 1e9 as trend,
        max(case when n.direct = 1 then z.surge end) as surge,
        avg(case when n.direct = 1 then least(greatest(floor(z.surge), 0), 6) end) as surges,
        avg(case when n.alike = 1 then least(greatest(floor(z.surge), 0), 6) end) as kin_surges
    from linked_products as n
    inner join known as k on n.neighbour_id = k.product_id
    left join recent_lift as z on k.as_of = z.as_of and k.product_id = z.product_id and z.segment = 'all'
    group by k.as_of, n.product_id
),

final as (
    select
        coalesce(t.as_of, l.as_of) as as_of,
        coalesce(t.product_id, l.product_id) as product_id,
        t.recent, t.year_ago, t.year_ago_near, t.trend, t.surging,
        l.recent as link_recent, l.year_ago as link_year_ago, l.trend as link_trend, l.surge as link_surge,
        l.surges as link_surges, l.kin_surges
    from by_text as t
    full outer join by_link as l on t.as_of = l.as_of and t.product_id = l.product_id
)

select * from final

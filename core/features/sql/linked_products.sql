-- Which products does the shop's knowledge graph join: directly, or through one shared thing (a theme, a material)?
-- A thing joins at most 50 products, so that "is a product" joins nobody. direct: a link of its own; alike: they share a thing that
-- is no product.
with ends as (
    select source as product_id, target as thing from links
    union
    select target as product_id, source as thing from links
),

known_ends as (
    select e.product_id, e.thing, case when t.product_id is null then 1 else 0 end as alike
    from ends as e
    inner join products as p on e.product_id = p.product_id
    left join products as t on e.thing = t.product_id
),

small_things as (
    select thing from known_ends group by thing having count(*) <= 50
),

pairs as (
    select k.product_id, k.thing as neighbour_id, 1 as direct, 0 as alike
    from known_ends as k
    where k.alike = 0
    union all
    select a.product_id, b.product_id as neighbour_id, 0 as direct, a.alike
    from known_ends as a
    inner join small_things as s on a.thing = s.thing
    inner join known_ends as b on b.thing = s.thing
)

select product_id, neighbour_id, max(direct) as direct, max(alike) as alike
from pairs
where product_id <> neighbour_id
group by product_id, neighbour_id

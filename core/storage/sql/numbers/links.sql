-- Which links are there, by the numbers that they count to? A number's link to its new one says nothing.
with counted as (
    select coalesce(s.counts_as, l.source) as source, l.relation, coalesce(t.counts_as, l.target) as target
    from stored.links as l
    left join counted_as as s on l.source = s.product_id and not s.demand and not s.kit
    left join counted_as as t on l.target = t.product_id and not t.demand and not t.kit
)

select distinct source, relation, target from counted where source <> target

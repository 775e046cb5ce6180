-- Which product ids differ in leading zeros or case only? A spreadsheet turns 00123 into 123 in one of two files.
with ids as (
    select product_id from products
    union
    select product_id from orders
)

select
    min(product_id) as one,
    max(product_id) as other
from ids
group by lower(ltrim(product_id, '0'))
having count(*) > 1
order by one nulls last

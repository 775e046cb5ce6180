-- In which currencies are the products priced, the commonest first?
select currency, count(*) as products
from products
where currency is not null
group by currency
order by products desc nulls last, currency nulls last

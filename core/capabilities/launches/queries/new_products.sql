-- Which products are new or coming, those to push first and then by what is expected of them, and what is known of them?
select l.*, p.title, p.category, p.brand, p.supplier, p.price_cents, p.launched_on
from launches l
join products p using (product_id)
order by
    case l.advice when 'push' then 0 when 'watch' then 1 else 2 end nulls last, l.standing desc nulls last,
    l.units_middle desc nulls last, l.product_id nulls last

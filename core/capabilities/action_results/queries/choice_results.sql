-- What would each rule of choosing have brought in each place, beside what was shown?
select * from choice_results
where estimator in ('shown', 'dr')
order by
    place nulls last,
    case rule when 'shown' then 0 when 'alike' then 1 else 2 end nulls last

-- Amounts in other currencies of this very file when it was read before: it is read again.
delete from foreign_amounts
where file = $file

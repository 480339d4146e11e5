-- The two roles. They own nothing and may log in; their passwords are set apart from this file.
do $$
declare
  wanted text;
begin
  foreach wanted in array array['baton_gateway', 'baton_service'] loop
    if not exists (select from pg_roles where rolname = wanted) then
      execute format('create role %I login nosuperuser nocreatedb nocreaterole noinherit', wanted);
    end if;
  end loop;
end $$;

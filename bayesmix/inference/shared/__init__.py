"""What the questions share: arguments that are checked, draws as arrays, each row's distribution, tables that print."""

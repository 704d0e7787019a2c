"""The source store beside what others would do: raw COPY, git, bare parsers, plain scans."""

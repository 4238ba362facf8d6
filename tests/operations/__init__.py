"""Operations: logs, health and metrics, against small studios and a real one."""

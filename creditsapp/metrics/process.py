"""What is read off a worker itself, a moment ago: its connections, and whether Dodo is let alone."""

from flask import Flask
from prometheus_client import Gauge

from creditsapp.dodo import breaker_of

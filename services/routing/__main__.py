from services.routing.app import SERVICE
from shared.messaging.cli import main

main(SERVICE)

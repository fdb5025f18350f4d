"""What staff keep of their own: figures by day, alerts, and differences that they work off."""

from staff.alert_models import Alert as Alert
from staff.alert_models import AlertKind as AlertKind
from staff.alert_models import Severity as Severity
from staff.dashboard_models import DailyMoney as DailyMoney
from staff.dashboard_models import DailyWork as DailyWork
from staff.dashboard_models import RolledDay as RolledDay
from staff.invoice_models import ProviderInvoice as ProviderInvoice
from staff.reconciliation_models import BooksCheck as BooksCheck
from staff.reconciliation_models import Difference as Difference
from staff.reconciliation_models import DifferenceNote as DifferenceNote
from staff.reconciliation_models import DifferenceState as DifferenceState
from staff.reconciliation_models import Source as Source
